"""Numbers as the terminal's summary and progress lines write them: short, and with a unit."""


def duration_text(us: int) -> str:
    """
    Return a time to three digits.

    >>> duration_text(850), duration_text(20_930), duration_text(1_902_000)
    ('850µs', '20.9ms', '1.90s')
    """
    if us < 1_000:
        return f"{us}µs"
    if us < 999_500:
        return f"{three_digits(us / 1e3)}ms"
    return f"{three_digits(us / 1e6)}s"


def three_digits(value: float) -> str:
    """
    Return *value* to three significant digits, or whole above 999.

    >>> three_digits(9.994), three_digits(88.06), three_digits(1902.4)
    ('9.99', '88.1', '1902')
    """
    decimals = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{decimals}f}"


def count_text(number: int) -> str:
    """
    Return *number* with a comma between thousands.

    >>> count_text(24103)
    '24,103'
    """
    return f"{number:,}"


def rate_text(per_s: float) -> str:
    """
    Return a rate to one decimal, with a comma between thousands.

    >>> rate_text(1401.72)
    '1,401.7/s'
    """
    return f"{per_s:,.1f}/s"


def compact(number: float) -> str:
    """
    Return *number* in at most five characters, below 10¹⁵.

    >>> compact(412.3), compact(12_345), compact(99_990), compact(4_000_000)
    ('412', '12.3k', '100k', '4.00M')
    """
    if number < 999.5:
        return f"{number:.0f}"
    for factor, letter in ((1e3, "k"), (1e6, "M"), (1e9, "G")):
        if number < factor * 999.5:
            return three_digits(number / factor) + letter
    return f"{number / 1e12:.0f}T"


def bytes_text(number: float) -> str:
    """
    Return a number of bytes in k6's decimal units.

    >>> bytes_text(12_300_000)
    '12.3 MB'
    """
    for factor, unit in ((1, "B"), (1e3, "kB"), (1e6, "MB"), (1e9, "GB")):
        if number < factor * 999.5:
            return f"{number:.0f} B" if factor == 1 else f"{three_digits(number / factor)} {unit}"
    return f"{three_digits(number / 1e12)} TB"


def ratio_text(ratio: float) -> str:
    """
    Return a share in percent; one that is not 0 is never shown as 0.

    >>> ratio_text(0.0012), ratio_text(0), ratio_text(0.00001)
    ('0.12%', '0.00%', '<0.01%')
    """
    return "<0.01%" if 0 < ratio < 0.000_1 else f"{ratio * 100:.2f}%"


def clock_text(seconds: float) -> str:
    """
    Return run time as hours, minutes and seconds.

    >>> clock_text(6_127.4)
    '01:42:07'
    """
    minutes, rest_s = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest_s:02}"


def money_text(amount: float, currency: str) -> str:
    """
    Return *amount*: whole from a thousand on, to the hundredth below, to three digits below 1.

    >>> money_text(12_345.6, "USD"), money_text(210.24, "EUR"), money_text(0.07421, "")
    ('12,346 USD', '210.24 EUR', '0.0742')
    """
    if amount >= 1000:
        text = f"{amount:,.0f}"
    else:
        text = f"{amount:.2f}" if amount >= 1 or amount == 0 else f"{amount:.3g}"
    return f"{text} {currency}".rstrip()
