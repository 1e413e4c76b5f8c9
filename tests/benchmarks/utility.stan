// models/utility.toml on runs of single pools; every epoch is a term of the sum.
data {
  int<lower=1> runs;
  int<lower=1> pools;
  int<lower=1> most;                                // epochs of the longest run
  vector[runs] error;
  vector<lower=0>[runs] known_variance;
  array[runs] int<lower=1, upper=most> epochs;      // the last one may be incomplete
  matrix<lower=0>[runs, most] before;               // samples seen before each epoch, in 100,000
  matrix<lower=0>[runs, most] after;
  array[runs] int<lower=1, upper=pools> pool;
}
transformed data {
  row_vector[most] epoch;
  matrix[runs, most] growth = rep_matrix(0, runs, most);
  for (k in 1:most)
    epoch[k] = k - 1;
  for (r in 1:runs) {
    growth[r, 1] = log(after[r, 1]);
    for (k in 2:epochs[r])
      growth[r, k] = log(after[r, k] / before[r, k]);
  }
}
parameters {
  real<lower=0> a;
  real b_mu;
  real<lower=0> b_sigma;
  vector[pools] b_z;
  real tau_mu;
  real<lower=0> tau_sigma;
  vector[pools] tau_z;
  real<lower=0> d;
  real<lower=0> sigma;
}
transformed parameters {
  vector[pools] b = exp(b_mu + b_sigma * b_z);
  vector[pools] tau = exp(tau_mu + tau_sigma * tau_z);
}
model {
  vector[runs] summed;
  a ~ lognormal(-4, 2);
  b_mu ~ normal(-2, 0.7);
  b_sigma ~ normal(0, 0.5);
  b_z ~ std_normal();
  tau_mu ~ normal(1.6, 0.8);
  tau_sigma ~ normal(0, 0.5);
  tau_z ~ std_normal();
  d ~ student_t(3, 0, 0.2);
  sigma ~ lognormal(-5.5, 0.7);
  for (r in 1:runs) {
    int n = epochs[r];
    summed[r] = dot_product(exp2(-epoch[1:n] / tau[pool[r]]), growth[r, 1:n]);
  }
  error ~ normal(exp(-b[pool] .* (log(a) + summed)) + d, sqrt(square(sigma) + known_variance));
}
