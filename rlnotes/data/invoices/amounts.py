"""Money in whole cents: exact rounding, and how amounts and dates are printed."""

from datetime import date

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def divide_half_up(numerator: int, denominator: int) -> int:
    """The quotient rounded to a whole number; halves go away from zero.

    Args:
        numerator: any integer.
        denominator: a positive integer.

    Returns:
        The nearest integer.

    Example:
        >>> divide_half_up(5, 2), divide_half_up(-5, 2), divide_half_up(7, 3)
        (3, -3, 2)
    """
    size = (2 * abs(numerator) + denominator) // (2 * denominator)
    return size if numerator >= 0 else -size


def tax_on(base: int, rate: int) -> int:
    """Tax in cents on a base in cents; the rate is in tenths of a percent.

    Args:
        base: amount without tax, in cents.
        rate: tenths of a percent, 60 for 6 %.

    Returns:
        base * rate / 1000, rounded half up.

    Example:
        >>> tax_on(1050, 190), tax_on(-25, 60)
        (200, -2)
    """
    return divide_half_up(base * rate, 1000)


def canonical(cents: int) -> str:
    """The amount as a target has it: a point, two decimals, no thousands mark.

    Example:
        >>> canonical(-1230), canonical(123450), canonical(-5)
        ('-12.30', '1234.50', '-0.05')
    """
    units, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{units}.{rest:02d}"


def scaled(number: int, places: int) -> str:
    """A plain decimal string of number / 10 ** places, without zeros at the end.

    Example:
        >>> scaled(60, 1), scaled(350, 3), scaled(-2000, 3)
        ('6', '0.35', '-2')
    """
    units, rest = divmod(abs(number), 10**places)
    decimals = f"{rest:0{places}d}".rstrip("0")
    sign = "-" if number < 0 else ""
    return f"{sign}{units}.{decimals}" if decimals else f"{sign}{units}"


def print_money(cents: int, *, mark: str = ".", thousands: str = ",", places: int = 2) -> str:
    """The amount as a page has it.

    Args:
        cents: the amount.
        mark: the decimal mark.
        thousands: what stands between thousands; "" for nothing.
        places: decimals printed, 2 or more; those beyond two are zeros.

    Returns:
        The text, with a minus in front if the amount is negative.

    Example:
        >>> print_money(123450), print_money(-123450, mark=",", thousands=".")
        ('1,234.50', '-1.234,50')
    """
    units, rest = divmod(abs(cents), 100)
    whole = f"{units:,}".replace(",", thousands)
    return f"{'-' if cents < 0 else ''}{whole}{mark}{rest:02d}{'0' * (places - 2)}"


def print_date(day: date, pattern: str) -> str:
    """The date in a pattern of DD, MM, MON, Mon, YYYY and YY.

    Example:
        >>> print_date(date(2018, 3, 9), "DD/MM/YYYY")
        '09/03/2018'
        >>> print_date(date(2018, 3, 9), "DD MON YY")
        '09 MAR 18'
    """
    month = MONTHS[day.month - 1]
    parts = (
        ("YYYY", f"{day.year:04d}"),
        ("YY", f"{day.year % 100:02d}"),
        ("DD", f"{day.day:02d}"),
        ("MM", f"{day.month:02d}"),
        ("MON", month.upper()),
        ("Mon", month),
    )
    for name, text in parts:
        pattern = pattern.replace(name, text)
    return pattern
