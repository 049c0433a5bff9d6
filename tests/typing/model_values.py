"""Values of the model: an instant is no bare number, and nothing is changed in place."""

from comity.model.time import EPOCH, Micros, format_time, parse_time


def expires(instant: Micros) -> str:
    """Something that takes an instant of the model."""
    return format_time(instant)


expires(parse_time("2026-01-31"))
expires(EPOCH)
expires(Micros(1))

expires("2026-01-31")  # expect: arg-type
expires(1_700_000_000)  # expect: arg-type
expires(1.5)  # expect: arg-type
parse_time(EPOCH)  # expect: arg-type
EPOCH = Micros(1)  # expect: misc
