"""A text is greater than 31 where it is so letter by letter, so a limit on days fires where there is no number."""

import durable.lang as rules

with rules.ruleset("limits"):

    @rules.when_all(rules.m.days > 31)
    def kept_too_long(found):
        """Fires above the limit."""
        print(f"{found.m.days!r} is more than 31")


for number, days in enumerate((32, "abc", "7", "200")):
    try:
        rules.post("limits", {"id": str(number), "days": days})
    except rules.engine.MessageNotHandledException:
        print(f"{days!r} is not")
