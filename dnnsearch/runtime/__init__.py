"""The process and its arithmetic: pinned numerics, child processes, our own command line.

Nothing here knows what a trial or a study is.

- `numerics`: which kernels compute; how they are pinned and checked.
- `childprocess`: a child process and the socket to it, from either end.
- `pinned_call`: a function of ours in a process of its own, with pinned numerics.
- `cli_process`: our command line: the name to print, and a run in a process of its own.
"""
