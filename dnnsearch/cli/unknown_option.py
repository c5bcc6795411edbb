"""Where an option that a command does not have may be found instead."""

from typing import Any


def hint(error: Any) -> str:
    """Return `; KEY is a key of the config: --set KEY=VALUE`, or which commands have the option.

    `error` is what Typer raises for a mistake in how a command is written. Empty if it is not about
    an unknown option, or if nothing has it.
    """
    name, context = getattr(error, "option_name", None), getattr(error, "ctx", None)
    if name is None or context is None:
        return ""
    from dnnsearch.config.config import KNOWN_KEYS
    from dnnsearch.config.key_synonyms import SYNONYMS

    given = name.lstrip("-").replace("-", "_")
    key = SYNONYMS.get(given, given)
    if "--set" in _options(context.command) and key in KNOWN_KEYS[""]:
        return f"; {key} is a key of the config: --set {key}=VALUE"
    commands = context.find_root().command.commands.items()
    having = [command for command, one in commands if name in _options(one)]
    return f"; {' and '.join(having)} {'has' if len(having) == 1 else 'have'} it" if having else ""


def _options(command: Any) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}
