// rl/ppo_terms
