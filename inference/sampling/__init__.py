"""From noise to latents: the denoising loop, its schedules, and the whitening of latents."""
