"""What a build takes from elsewhere: contexts and ADD's sources by URL, from web servers and git repositories.

    origin = where(text)                        # address.py: GitAddress, URL, or None for a path
    tar = await remote_context(text, scratch)   # context.py: `/build?remote=`, as a tar file for the worker to take in
    got = await fetch(url, scratch / "file", checksum=add.checksum)             # web.py: ADD <url>
    tree = await fetch_git(origin, scratch, keep_git_dir=add.keep_git_dir)      # git.py: ADD <git>, a folder

`scratch` is an empty folder of the caller's, which removes it (`engine.linux.trees.remove_tree`: what is in there may
be of any depth). Git works in a process that sees that folder as its own `/tmp`, as nobody, without privileges, with a
configuration and an environment made for it (`jail`, `gitrun`).
"""
