"""The clinical rules of this installation, read from their files."""

from importlib.resources import files
from pathlib import Path

from triage import rules
from triage.rules import Ruleset


def builtin_rules(folder: Path | None = None) -> Ruleset:
    """The clinical rules: the built-in files, or those of another folder. Raises RuleError naming file and rule.

    A folder without a second opinion of its own keeps the built-in one, which only ever raises.
    """
    own = Path(str(files("triage"))) / "ruleset"
    place = folder or own
    opinion = next((one for one in (place / rules.OPINION, own / rules.OPINION) if one.exists()), None)
    read = [*sorted(place.glob("*.toml")), *([opinion] if opinion else [])]
    return rules.load({path.name: path.read_bytes() for path in read})
