"""Work split among workers without a coordinator: number i belongs to worker i mod count."""


def share(total: int, index: int, count: int) -> int:
    """
    Return how many of *total* belong to worker *index* of *count*.

    It is the number of i in [0, total) with i mod count = index, so the shares of all
    workers add up to *total*, and no two differ by more than one.

    >>> [share(10, index, 4) for index in range(4)]
    [3, 3, 2, 2]
    """
    return (max(0, total) + count - 1 - index) // count


def first_owned(number: int, index: int, count: int) -> int:
    """
    Return the first i ≥ *number* that belongs to worker *index* of *count*.

    >>> first_owned(10, 1, 4)
    13
    """
    return number + (index - number) % count
