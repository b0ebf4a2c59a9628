from .alpha_bar import check_alpha_bar, check_betas
from .better_schedules import check_from_v, check_v_target
from .broken_run import check_mended_callback
from .dropout import check_doubt, check_dropout, check_jitter
from .experiments import check_group_norm, check_paired_difference, check_wrapped_predict
from .forward_process import check_noisify, check_x0_from_eps
from .generative_models import check_density, check_sample_heights, check_score
from .guidance import check_guided, check_hidden_labels, check_two_weights
from .how_good_is_it import check_frechet_distance, check_kernel_distance
from .paths import check_euler_step, check_flow_time, check_flow_velocity
from .plane import check_exact_x0, check_plane_step, check_score_from_eps
from .reverse_step import check_posterior_mean, check_sampler_step
from .sampling import check_posterior_sigmas, check_sampler
from .strides import check_ddim_step, check_solver_step, check_spacing
from .training import check_largest_loss, check_training_loss
from .unet import check_residual_block, check_unet, check_waves
from .watching_it_happen import check_distance_covered, check_settled_from, check_step_change
from .your_turn import check_clock_rate, check_copies, check_normalise_images

__all__ = [
    "check_alpha_bar",
    "check_betas",
    "check_clock_rate",
    "check_copies",
    "check_ddim_step",
    "check_density",
    "check_distance_covered",
    "check_doubt",
    "check_dropout",
    "check_euler_step",
    "check_exact_x0",
    "check_flow_time",
    "check_flow_velocity",
    "check_frechet_distance",
    "check_from_v",
    "check_group_norm",
    "check_guided",
    "check_hidden_labels",
    "check_jitter",
    "check_kernel_distance",
    "check_largest_loss",
    "check_mended_callback",
    "check_noisify",
    "check_normalise_images",
    "check_paired_difference",
    "check_plane_step",
    "check_posterior_mean",
    "check_posterior_sigmas",
    "check_residual_block",
    "check_sample_heights",
    "check_sampler",
    "check_sampler_step",
    "check_score",
    "check_score_from_eps",
    "check_settled_from",
    "check_solver_step",
    "check_spacing",
    "check_step_change",
    "check_training_loss",
    "check_unet",
    "check_two_weights",
    "check_v_target",
    "check_waves",
    "check_wrapped_predict",
    "check_x0_from_eps",
]
