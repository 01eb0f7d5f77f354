"""The process that reads or writes a container's files for one request.

It is forked from one that has loaded all that it will ever need (`__main__`), and obeys one order (`obey`). It enters
the container's view of its files (`namespace`) and gives up every right that copying does not need (`rights`). From
there on each path is resolved by the kernel within that view (`paths`): there is no host file system to be led to, no
program or module of the container is ever loaded (CVE-2019-14271), and a folder that becomes a link between two steps
leads to another place of the same container at most (CVE-2018-15664).

`outgoing` writes the tar of a path (`header` its blocks), `extract` reads one and `incoming` writes its entries, whose
`attributes` it sets; `stat` describes a path, `answers` is what is said of all that.

Standard output begins with one line of JSON: what the path is, or why not. A reading one sends the tar behind it; a
writing one reads the tar from standard input and ends with a second line.
"""
