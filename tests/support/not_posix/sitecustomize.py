"""Takes from this process what Windows lacks, before anything else is imported.

Packages that have code of their own for Windows keep what they need: here they run as on Linux.
"""

import builtins
import io
import os
import signal
import subprocess
import sys
import warnings
from types import SimpleNamespace

import platformdirs.unix  # noqa: F401  # needs os.getuid
import portalocker  # noqa: F401  # needs fcntl

# with PYTHONWARNDEFAULTENCODING: text in the encoding of the machine, which is not UTF-8 on Windows
warnings.filterwarnings("error", "", EncodingWarning, "dnnsearch")

MODULES = ("fcntl", "pwd", "grp", "resource", "termios", "pty", "tty", "syslog")
EXEMPT = ("distributed", "locket", "psutil")
FUNCTIONS = """
    fork forkpty getuid geteuid getgid getegid getlogin getgroups kill killpg getpgid setpgid setsid
    nice sched_getaffinity sched_setaffinity pread pwrite memfd_create fchmod fchown chown mkfifo
    execve execv O_DIRECTORY O_NOFOLLOW O_NONBLOCK O_CLOEXEC
"""
SIGNALS = ("SIGKILL", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGSTOP")

subprocess.os, subprocess.signal = (SimpleNamespace(**vars(m)) for m in (os, signal))
for name in FUNCTIONS.split():
    delattr(os, name)
for name in SIGNALS:
    delattr(signal, name)
for name in MODULES:
    sys.modules.pop(name, None)

true_import, true_open = builtins.__import__, builtins.open
true_start = subprocess.Popen.__init__


def is_exempt(variables):
    """Return whether they are the variables of a module of an exempt package."""
    return variables.get("__name__", "").partition(".")[0] in EXEMPT


def import_(name, globals=None, locals=None, fromlist=(), level=0):
    if level == 0 and name in MODULES and not is_exempt(globals or {}):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return true_import(name, globals, locals, fromlist, level)


def open_(file, *arguments, **options):
    if str(file).startswith("/proc") and not is_exempt(sys._getframe(1).f_globals):
        raise FileNotFoundError(2, "No such file or directory", str(file))
    return true_open(file, *arguments, **options)


def start(process, *arguments, **options):
    assert not options.get("pass_fds"), "pass_fds not supported on Windows"
    assert options.get("preexec_fn") is None, "preexec_fn is not supported on Windows platforms"
    true_start(process, *arguments, **options)


builtins.__import__ = import_
builtins.open = io.open = open_
subprocess.Popen.__init__ = start
