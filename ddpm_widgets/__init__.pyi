from . import ddpm, exercises
from .callbacks import (
    Compile,
    GradientClip,
    LRSchedule,
    Metrics,
    MixedPrecision,
    OneCycle,
    Progress,
    Recorder,
    TerminateOnNaN,
)
from .checkpoint_files import CheckpointError, SettingsError
from .checkpoints import Checkpoint, Resume
from .data import DataError, DataLoaders, ImageDataset
from .datasets import cifar10, fashion_mnist, garments, image_folder
from .ddpm_callback import DDPMCB
from .diagnosis import Diagnosis, Finding, diagnose
from .drawing import CLASSES, draw_garments
from .editing import inpaint, redraw
from .evaluation import Evaluation, evaluate, fid, kid
from .events import Callback, CancelBatch, CancelEpoch, CancelFit, TrainCB
from .guidance import Autoguided, drop_labels, guided, rescaled
from .images import image_grid
from .judges import classifier
from .learner import Learner
from .loss_plots import PairsMonitor, plot_loss, plot_pairs
from .lr_finder import LRFinder
from .muon import Muon
from .noising import Diffusion, Target, make_target, min_snr_weights, noisify, to_x0_and_eps
from .page_network import page_weights
from .paths import PATHS, ProcessPath, alpha_bar_at, clock_time, noise_level, on_path, score, velocity
from .pipelines import from_diffusers, to_diffusers
from .plane import PlaneNet, exact_denoiser, plane_points, two_sample
from .plots import (
    plot_curves,
    plot_density,
    plot_normals,
    plot_paths,
    plot_plane,
    plot_schedules,
    plot_step_changes,
    plot_sum,
    show_images,
)
from .processes import ProcessError
from .record import Budget, measure_recipe, read_record, record_table
from .samplers import (
    SAMPLERS,
    StepCoefficients,
    ddim_coefficients,
    ddpm_coefficients,
    dpm_solver_coefficients,
    euler_coefficients,
    heun_coefficients,
)
from .sampling import SamplingOptions, Step, sample, sample_steps, translate
from .schedule import Schedule, cosine_schedule, flow_schedule, linear_schedule, respace, sigmoid_schedule
from .training import EMA, RECIPES, Recipe, train
from .unet_scratch import ScratchUNet
from .unets import UNet, init_ddpm, unet
from .weights import WeightsError, load_model, pretrained, save_model
from .widgets.density_scrubber import DensityScrubber
from .widgets.diffusion_playground import DiffusionPlayground
from .widgets.fid_lab import FIDLab
from .widgets.guidance_lab import GuidanceLab
from .widgets.live_sampler import LiveSampler
from .widgets.noise_scrubber import NoiseScrubber
from .widgets.path_explorer import PathExplorer
from .widgets.sampling_player import SamplingPlayer
from .widgets.schedule_explorer import ScheduleExplorer
from .widgets.solver_lab import SolverLab
from .widgets.training_monitor import TrainingMonitor
from .widgets.unet_xray import UNetXRay

__version__: str

__all__ = [
    "Autoguided",
    "drop_labels",
    "guided",
    "rescaled",
    "Budget",
    "CLASSES",
    "Callback",
    "CancelBatch",
    "CancelEpoch",
    "CancelFit",
    "Checkpoint",
    "CheckpointError",
    "Compile",
    "DDPMCB",
    "DataError",
    "DataLoaders",
    "DensityScrubber",
    "Diagnosis",
    "Diffusion",
    "DiffusionPlayground",
    "EMA",
    "Evaluation",
    "FIDLab",
    "GuidanceLab",
    "Finding",
    "GradientClip",
    "ImageDataset",
    "LRFinder",
    "LRSchedule",
    "Learner",
    "LiveSampler",
    "Metrics",
    "MixedPrecision",
    "Muon",
    "NoiseScrubber",
    "OneCycle",
    "PairsMonitor",
    "PathExplorer",
    "PlaneNet",
    "ProcessError",
    "Progress",
    "RECIPES",
    "Recipe",
    "Recorder",
    "Resume",
    "SAMPLERS",
    "SamplingOptions",
    "SamplingPlayer",
    "Schedule",
    "ScheduleExplorer",
    "ScratchUNet",
    "SolverLab",
    "SettingsError",
    "Step",
    "StepCoefficients",
    "Target",
    "TerminateOnNaN",
    "TrainCB",
    "TrainingMonitor",
    "UNet",
    "UNetXRay",
    "WeightsError",
    "cifar10",
    "classifier",
    "cosine_schedule",
    "ddim_coefficients",
    "ddpm",
    "ddpm_coefficients",
    "diagnose",
    "dpm_solver_coefficients",
    "draw_garments",
    "evaluate",
    "exact_denoiser",
    "exercises",
    "fashion_mnist",
    "fid",
    "from_diffusers",
    "garments",
    "image_folder",
    "image_grid",
    "init_ddpm",
    "inpaint",
    "kid",
    "linear_schedule",
    "load_model",
    "make_target",
    "measure_recipe",
    "min_snr_weights",
    "noisify",
    "page_weights",
    "plane_points",
    "plot_curves",
    "plot_density",
    "plot_loss",
    "plot_normals",
    "plot_pairs",
    "plot_paths",
    "plot_plane",
    "plot_schedules",
    "plot_step_changes",
    "plot_sum",
    "pretrained",
    "read_record",
    "record_table",
    "redraw",
    "respace",
    "sample",
    "sample_steps",
    "save_model",
    "show_images",
    "sigmoid_schedule",
    "to_diffusers",
    "to_x0_and_eps",
    "train",
    "translate",
    "two_sample",
    "unet",
    "PATHS",
    "ProcessPath",
    "alpha_bar_at",
    "clock_time",
    "noise_level",
    "on_path",
    "score",
    "velocity",
    "euler_coefficients",
    "heun_coefficients",
    "flow_schedule",
]
