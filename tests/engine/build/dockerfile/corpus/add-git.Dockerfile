FROM scratch
ADD --keep-git-dir=true https://example.com/a.git#v1:sub /src
