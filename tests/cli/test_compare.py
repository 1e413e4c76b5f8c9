"""`qqt compare`: laws side by side, for people and for programs."""

from qqt_bayes.comparison import left_out


def test_the_command_offers_every_way_to_leave_out() -> None:
    from qqt_bayes.cli.main import compare

    (option,) = [each for each in compare.params if each.name == "leave_out"]
    assert tuple(option.type.choices) == tuple(left_out.LEAVE_OUT)
