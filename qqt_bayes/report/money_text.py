"""What levels and pools cost and are worth, in words and as tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from qqt_bayes.laws.level_curves import SAMPLE
from qqt_bayes.phrases import amount_of_money, chance, format_samples, joined, money, quoted
from qqt_bayes.planning.benefit import Priced
from qqt_bayes.planning.costs import HUNDREDTH
from qqt_bayes.report.measures import measure, measured
from qqt_bayes.report.records import plain

DATA_OWNED = "All data are taken to be paid for, because the cost file has no prices of pools."
"""What decisions and plans say of such a file."""
NEARLY = 0.02
"""Share of the greatest expected net benefit that a cheaper plan may lack to be named."""


@dataclass(frozen=True, eq=False)
class Money:
    """What the levels of a decision cost and are worth.

    Attributes
    ----------
    plans : Priced
    benefit : Dataset
        As `qqt_bayes.planning.benefit.net_benefit` returns it.
    choice : DataArray, dims (budget)
        The levels that are shown where nobody says what an error is worth.
    target_error : float or None
    reached : DataFrame or None
        As `qqt_bayes.planning.benefit.cheapest` returns it for that target.
    purchases : DataFrame or None
        As `qqt_bayes.planning.purchases.pool_purchases` returns it.
    """

    plans: Priced
    benefit: xr.Dataset
    choice: xr.DataArray
    target_error: float | None = None
    reached: pd.DataFrame | None = None
    purchases: pd.DataFrame | None = None

    @property
    def lines(self) -> list[str]:
        """What costs and net benefits come to, and what they rest on, in sentences."""
        found = [_benefit(self.benefit, self.plans), *_limits(self.benefit, self.plans)]
        if self.reached is not None and self.target_error is not None:
            found += _cheapest(self.reached, self.target_error, self.plans)
        if self.purchases is not None:
            found += _purchases(self.purchases)
        return found

    @property
    def tables(self) -> list[pd.DataFrame]:
        """Budgets and larger pools, for people."""
        found = [by_budget(self.benefit, self.choice, self.plans)]
        if self.purchases is not None:
            found.append(purchase_table(self.purchases))
            if _exponent_cases(self.purchases):
                found.append(exponent_table(self.purchases))
        return found

    @property
    def content(self) -> dict[str, Any]:
        """What is known of money, for JSON; costs of levels are with the levels."""
        found = {**self.benefit.attrs, "summary": "\n".join(self.lines)}
        if self.reached is not None:
            found["target_error"] = self.target_error
            found["cheapest"] = self.reached.to_dict("records")
        if self.purchases is not None:
            found["purchases_about"] = self.purchases.attrs
            found["purchases"] = self.purchases.to_dict("records")
        made: dict[str, Any] = plain(found)
        return made


def by_budget(benefit: xr.Dataset, choice: xr.DataArray, plans: Priced) -> pd.DataFrame:
    """What the best level at each budget costs and is worth, for people.

    Parameters
    ----------
    benefit, choice, plans
        See `Money`.
    """
    level = benefit.get("best_level", choice)
    shown = benefit.sel(level=level.drop_vars("level", errors="ignore"))
    own, currency = plans.error.mean(SAMPLE).sel(level=level), plans.costs.currency
    attrs = {"kind": plans.kind, "measure": plans.measure}
    columns: dict[str, Any] = {
        "budget": shown["budget"].values,
        "level": level.values,
        f"cost ({currency})": [amount_of_money(x) for x in shown["cost"].values],
        f"for data ({currency})": [amount_of_money(x) for x in shown["cost_of_data"].values],
        f"expected {measure(attrs)}": [f"{measured(x, attrs):.3f}" for x in own.values],
    }
    if "net_benefit" not in shown:
        return pd.DataFrame(columns)
    base = benefit.attrs["baseline_level"], benefit.attrs["baseline_budget"]
    is_base = [each == base for each in zip(level.values, shown["budget"].values, strict=True)]
    ends = [shown["net_benefit_mean"], *shown["net_benefit"].transpose("quantile", "budget")[::2]]
    amounts = zip(*([amount_of_money(x) for x in each.values] for each in ends), strict=True)
    columns[f"net benefit ({currency}) [{_percent(benefit)}%]"] = [
        "the baseline" if base else f"{mean} [{low}, {high}]"
        for base, (mean, low, high) in zip(is_base, amounts, strict=True)
    ]
    columns["P(above 0)"] = [
        np.nan if base else x
        for base, x in zip(is_base, shown["probability_of_benefit"].values, strict=True)
    ]
    return pd.DataFrame(columns)


def purchase_table(purchases: pd.DataFrame) -> pd.DataFrame:
    """What larger pools cost and are worth, for people: no wider than most terminals."""
    currency = purchases.attrs["currency"]
    ends = ["net_benefit_mean", "net_benefit_lower", "net_benefit_upper"]
    return pd.DataFrame(
        {
            **_pool_and_size(purchases),
            "best level": purchases["level"],
            f"extra ({currency})": [amount_of_money(x) for x in purchases["extra_cost"]],
            f"net benefit ({currency}) [{100 * purchases.attrs['interval']:g}%]": [
                f"{amount_of_money(mean)} [{amount_of_money(low)}, {amount_of_money(high)}]"
                for mean, low, high in purchases[ends].itertuples(index=False)
            ],
            "P(above 0)": purchases["probability_of_benefit"],
        }
    )


def exponent_table(purchases: pd.DataFrame) -> pd.DataFrame:
    """What the best level of each larger pool holds, and is worth if the size exponent is known."""
    cases = _exponent_cases(purchases)
    heading = f"net benefit ({purchases.attrs['currency']}) at size exponent {{}}"
    headings = [heading, *["at {}"] * len(cases)]
    return pd.DataFrame(
        {
            **_pool_and_size(purchases),
            f"unique {purchases.attrs['counted']}": purchases["unique_samples"],
            **{
                heading.format(name.removeprefix("if_exponent_")): [
                    amount_of_money(x) for x in purchases[name]
                ]
                for heading, name in zip(headings, cases, strict=False)
            },
        }
    )


def _pool_and_size(purchases: pd.DataFrame) -> dict[str, Any]:
    """The columns that name a larger pool."""
    return {"pool": purchases["pool"], "size": [f"{x:g}x" for x in purchases["multiple"]]}


def _exponent_cases(purchases: pd.DataFrame) -> list[str]:
    """Columns of what is expected if the size exponent were one number, where all are known."""
    names = [name for name in map(str, purchases) if name.startswith("if_exponent_")]
    return names if names and purchases[names].notna().all(axis=None) else []


def _benefit(benefit: xr.Dataset, plans: Priced) -> str:
    """The level and budget of the greatest expected net benefit, against the baseline."""
    attrs, currency = benefit.attrs, plans.costs.currency
    if "net_benefit" not in benefit:
        return (
            "The cost file does not say what a smaller error is worth, so there is no net benefit: "
            'give it a "worth", that of an error which is smaller by 0.01.'
        )
    against = _baseline(attrs, plans)
    level, budget = attrs["best_level"], attrs["best_budget"]
    best = benefit.sel(level=level, budget=budget)
    expected = best["net_benefit_mean"].item()
    if (level, budget) == (attrs["baseline_level"], attrs["baseline_budget"]):
        return f"No plan is expected to be worth more than {against}, for what it costs."
    plan = (
        f"{quoted(level)} at {_samples(budget, plans)}, for {money(currency, best['cost'].item())}"
    )
    if expected <= 0:
        return (
            f"No plan is expected to be worth its price against {against}: the best, {plan}, is "
            f"expected to lose {money(currency, -expected)}."
        )
    low, _, high = (money(currency, x) for x in best["net_benefit"].values)
    return (
        f"The greatest net benefit is expected of {plan}: {money(currency, expected)} "
        f"({_percent(benefit)}% interval {low} to {high}), and above 0 with probability "
        f"{chance(best['probability_of_benefit'].item())}, against {against}."
    )


def _baseline(attrs: dict[str, Any], plans: Priced) -> str:
    """What net benefits are counted from."""
    shown = {"kind": plans.kind, "measure": plans.measure}
    error = f"{measured(attrs['baseline_error'], shown):.3f}"
    if not attrs["baseline_level"]:
        return f"the {measure(shown)} of {error} that is there already"
    cost = money(plans.costs.currency, attrs["baseline_cost"])
    return (
        f"the cheapest plan ({quoted(attrs['baseline_level'])} at "
        f"{_samples(attrs['baseline_budget'], plans)}, {cost}, expected {measure(shown)} {error})"
    )


def _limits(benefit: xr.Dataset, plans: Priced) -> Iterator[str]:
    """What net benefits and costs rest on."""
    if "net_benefit" in benefit:
        if plans.costs.worth:
            worth = money(plans.costs.currency, plans.costs.worth)
            smaller = f"{_an_error(plans)} that is smaller by {HUNDREDTH:g}"
            yield f"{smaller} is taken to be worth {worth}."
        else:
            low, high = plans.costs.worth_of_errors[0][0], plans.costs.worth_of_errors[-1][0]
            yield (
                f"What an error is worth is a line between those of the cost file, {low:g} to "
                f"{high:g}, and constant beyond."
            )
        yield from _nearly_as_good(benefit, plans)
        yield (
            "Errors here are means over trainings with other random numbers; a single training "
            "scatters about its mean."
        )
        budgets = benefit["budget"].values
        if benefit.attrs["best_budget"] == budgets.max() and budgets.size > 1:
            yield (
                f"The largest budget that was asked about is {_samples(budgets.max(), plans)}: a "
                "larger one may be worth more."
            )
    if not plans.costs.pools:
        yield DATA_OWNED


def _nearly_as_good(benefit: xr.Dataset, plans: Priced) -> Iterator[str]:
    """A cheaper plan that is expected to be worth nearly as much as the best, if there is one."""
    net = benefit["net_benefit_mean"]
    most = net.max()
    if most <= 0:
        return
    cost = benefit["cost"].where(net >= (1 - NEARLY) * most)
    at = cost.argmin(("level", "budget"))
    price, known = (
        cost[at].item(),
        {name: benefit.attrs[f"best_{name}"] for name in ("level", "budget")},
    )
    if price < benefit["cost"].sel(known).item():
        plan = f"{quoted(cost['level'].values[at['level']].item())} at "
        plan += _samples(cost["budget"].values[at["budget"]], plans)
        currency = plans.costs.currency
        yield (
            f"Nearly as much is expected of {plan}, for {money(currency, price)}: "
            f"{money(currency, net[at].item())}."
        )


def _an_error(plans: Priced) -> str:
    """What is measured, as the beginning of a sentence."""
    return "A loss" if plans.kind == "loss" else "An error"


def _cheapest(reached: pd.DataFrame, target: float, plans: Priced) -> Iterator[str]:
    """The cheapest plans that reach a target, and what is the most that can be reached."""
    aim = f"{_an_error(plans).lower()} of at most {target:g}"
    for (met, level, budget, cost), rows in reached.groupby(
        ["reached", "level", "budget", "cost"], sort=False
    ):
        plan = f"{quoted(str(level))} at {_samples(budget, plans)}"
        sure = [f"{p:g}" for p in rows["probability"]]
        if met:
            price = money(plans.costs.currency, cost)
            yield (
                f"The cheapest plan that reaches {aim} with probability {joined(sure)} is {plan}, "
                f"for {price}."
            )
        else:
            most = chance(rows["probability_reached"].iloc[0])
            yield (
                f"No plan that was asked about reaches {aim} with probability {sure[0]}: the "
                f"likeliest, {plan}, does so with probability {most}."
            )


def _purchases(purchases: pd.DataFrame) -> Iterator[str]:
    """Which larger pool is worth most, and what that rests on."""
    currency = purchases.attrs["currency"]
    best = purchases.loc[purchases["net_benefit_mean"].idxmax()]
    where = f"{format_samples(purchases.attrs['budget'])} {purchases.attrs['counted']}"
    level = quoted(purchases.attrs["level_today"])
    today = f"{level} of the pools as they are, the best level for money"
    if best["net_benefit_mean"] <= 0:
        yield (
            f"At {where} no larger pool of those considered is expected to be worth its price "
            f"against {today}."
        )
    else:
        low, high = (money(currency, best[f"net_benefit_{x}"]) for x in ("lower", "upper"))
        interval = f"{100 * purchases.attrs['interval']:g}% interval"
        yield (
            f"At {where} it is expected to be worth most to have {best['multiple']:g} times as "
            f"much of {quoted(best['pool'])} and to take {quoted(best['level'])}: "
            f"{money(currency, best['net_benefit_mean'])} "
            f"({interval} {low} to {high}) after an extra cost of "
            f"{money(currency, best['extra_cost'])}, against {today}."
        )
        if best["multiple"] == purchases["multiple"].max():
            yield "That is the largest multiple considered: a larger one may be worth more."
    caution = (
        "Sizes beyond those that were trained rest on the size exponent of the law, about which "
        "runs on pools of one size say next to nothing"
    )
    if exponents := _exponent_cases(purchases):
        cases = [
            f"{money(currency, best[name])} at {name.removeprefix('if_exponent_')}"
            for name in exponents
        ]
        bought = f"{best['multiple']:g} times as much of {quoted(best['pool'])}"
        yield (
            f"{caution}. Net benefits are averaged over the exponents that the runs and the prior "
            f"leave open, whose {100 * purchases.attrs['interval']:g}% intervals are "
            f"{joined(_exponents(purchases))}. If the exponent of every law were one number and "
            f"all else as it is, {bought} would be worth {joined(cases)}. These are three cases, "
            "no interval: the average may lie beyond them, as the exponents may."
        )
    else:
        yield f"{caution}."


def _exponents(purchases: pd.DataFrame) -> list[str]:
    """The interval of the size exponent under each law that has one."""
    return [
        f"{low:.2g} to {high:.2g} under {law}" if low < high else f"exactly {low:.2g} under {law}"
        for law, (low, _, high) in purchases.attrs["exponents"].items()
    ]


def _samples(budget: float, plans: Priced) -> str:
    return f"{format_samples(budget)} {plans.counted}"


def _percent(benefit: xr.Dataset) -> str:
    """The probability that intervals hold, in percent."""
    quantiles = benefit["quantile"].values
    return f"{100 * (quantiles[-1] - quantiles[0]):.3g}"
