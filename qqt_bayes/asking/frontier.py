"""`qqt_bayes.frontier`: what budgets reach, after the questions about levels and budgets."""

from qqt_bayes.asking.decide import ask
from qqt_bayes.asking.warn import asking
from qqt_bayes.decisions import frontier as decisions

frontier = asking(__name__, ask)(decisions.frontier)
