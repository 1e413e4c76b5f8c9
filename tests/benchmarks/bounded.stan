// models/utility-bounded-free-size.toml on mixtures of pools; every epoch is a term of the sum.
data {
  int<lower=1> runs;
  int<lower=1> pools;
  int<lower=1> most;                                // epochs of the longest run
  vector[runs] error;
  vector<lower=0>[runs] known_variance;
  array[runs] int<lower=1, upper=most> epochs;      // the last one may be incomplete
  matrix<lower=0>[runs, most] before;               // samples seen before each epoch, in 100,000
  matrix<lower=0>[runs, most] after;
  matrix<lower=0>[runs, pools] share;               // of each pool in the training set
  matrix<lower=0>[runs, pools] size_ratio;          // training set over pool
}
transformed data {
  row_vector[most] epoch;
  for (k in 1:most)
    epoch[k] = k - 1;
}
parameters {
  real<lower=0> a;
  real b_mu;
  real<lower=0> b_sigma;
  vector[pools] b_z;
  real tau_mu;
  real<lower=0> tau_sigma;
  vector[pools] tau_z;
  real<lower=0, upper=1> d;
  real size_exponent;
  real<lower=0> sigma;
}
transformed parameters {
  vector[pools] b = exp(b_mu + b_sigma * b_z);
  vector[pools] tau = exp(tau_mu + tau_sigma * tau_z);
}
model {
  vector[runs] exponent = rep_vector(0, runs);
  a ~ lognormal(-4, 2);
  b_mu ~ normal(-2, 0.7);
  b_sigma ~ normal(0, 0.5);
  b_z ~ std_normal();
  tau_mu ~ normal(1.6, 0.8);
  tau_sigma ~ normal(0, 0.5);
  tau_z ~ std_normal();
  d ~ beta(1, 4);
  size_exponent ~ normal(0.5, 0.75);
  sigma ~ lognormal(-5.5, 0.5);
  for (r in 1:runs) {
    int n = epochs[r];
    row_vector[n] growth = log1p(a * after[r, 1:n]) - log1p(a * before[r, 1:n]);
    for (p in 1:pools) {
      if (share[r, p] > 0) {
        real half_life = tau[p] * pow(size_ratio[r, p], size_exponent);
        exponent[r] += share[r, p] * b[p] * dot_product(exp2(-epoch[1:n] / half_life), growth);
      }
    }
  }
  error ~ normal((1 - d) * exp(-exponent) + d, sqrt(square(sigma) + known_variance));
}
