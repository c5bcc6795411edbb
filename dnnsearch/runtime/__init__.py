"""The process and its arithmetic: pinned numerics, child processes, our own command line.

Nothing here knows what a trial or a study is.

- `numerics`: which kernels compute; how they are pinned and checked.
- `childprocess`: a child process and the socket to it, from either end.
- `connected_child`: the program of a child that connects to a port, on Windows.
- `process_control`: what differs between systems: to replace, interrupt or slow a process.
- `pinned_call`: a function of ours in a process of its own, with pinned numerics.
- `cli_process`: our command line: the name to print, and a run in a process of its own.
- `python_command`: command lines that start Python, without the current folder on its path.
- `start_module`: the program that these command lines start.
- `optional_import`: an import without a part that takes long and is not needed.
- `remove_at_end`: a folder that is removed when the process that needs it has ended.
- `terminal_text`: lines that fit the terminal, also that of a process that runs our command line.
- `text_table`: text tables that fit a width.
- `package_version`: the version of this package.
"""
