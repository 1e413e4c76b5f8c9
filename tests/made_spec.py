"""A model specification without fault, which tests then damage."""

SOUND = """
name = "sound"
law = "utility"
[parameters]
a = { distribution = "LogNormal", mu = -4, sigma = 2 }
d = 0.1
size_exponent = 1
[parameters.b]
over = ["pool", "group"]
distribution = "LogNormal"
mu = { distribution = "Normal", mu = -2.0, sigma = 0.7, over = "group" }
sigma = { distribution = "HalfNormal", sigma = 0.5 }
[parameters.tau]
over = "pool"
distribution = "TruncatedNormal"
mu = 5
sigma = 3
lower = 0
[likelihood]
distribution = "StudentT"
sigma = { distribution = "HalfStudentT", nu = 3, sigma = 0.01 }
nu = 5
"""
