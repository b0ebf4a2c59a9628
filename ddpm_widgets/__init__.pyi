from . import exercises
from .checkpoints import Checkpoint, CheckpointError, Resume, SettingsError
from .data import DataError, DataLoaders, ImageDataset
from .datasets import cifar10, fashion_mnist, garments, image_folder
from .diagnosis import Diagnosis, Finding, diagnose
from .drawing import CLASSES, draw_garments, image_grid
from .evaluation import Evaluation, classifier, evaluate, fid, kid
from .learner import (
    Callback,
    CancelBatch,
    CancelEpoch,
    CancelFit,
    Compile,
    GradientClip,
    Learner,
    LRFinder,
    Metrics,
    MixedPrecision,
    OneCycle,
    ProcessError,
    Progress,
    Recorder,
    TrainCB,
)
from .muon import Muon
from .noising import Diffusion, Target, min_snr_weights, noisify
from .plots import plot_loss, plot_schedules, plot_step_changes, show_images
from .sampling import SAMPLERS, Step, sample, sample_steps
from .schedule import Schedule, cosine_schedule, linear_schedule, sigmoid_schedule, spaced
from .training import DDPMCB, EMA, RECIPES, Recipe, train
from .unets import UNet, init_ddpm, unet
from .weights import WeightsError, load_model, pretrained, save_model
from .widgets.density_scrubber import DensityScrubber
from .widgets.noise_scrubber import NoiseScrubber
from .widgets.sampling_player import SamplingPlayer
from .widgets.schedule_explorer import ScheduleExplorer
from .widgets.training_monitor import TrainingMonitor

__version__: str

__all__ = [
    "CLASSES",
    "Callback",
    "CancelBatch",
    "CancelEpoch",
    "CancelFit",
    "Compile",
    "Checkpoint",
    "CheckpointError",
    "DDPMCB",
    "DataError",
    "DataLoaders",
    "DensityScrubber",
    "Diagnosis",
    "Diffusion",
    "EMA",
    "Evaluation",
    "Finding",
    "GradientClip",
    "ImageDataset",
    "LRFinder",
    "Learner",
    "Metrics",
    "MixedPrecision",
    "Muon",
    "NoiseScrubber",
    "OneCycle",
    "ProcessError",
    "Progress",
    "RECIPES",
    "Recipe",
    "Recorder",
    "Resume",
    "SAMPLERS",
    "SamplingPlayer",
    "Schedule",
    "ScheduleExplorer",
    "SettingsError",
    "Step",
    "Target",
    "TrainCB",
    "TrainingMonitor",
    "UNet",
    "WeightsError",
    "cifar10",
    "classifier",
    "cosine_schedule",
    "diagnose",
    "draw_garments",
    "evaluate",
    "exercises",
    "fashion_mnist",
    "fid",
    "garments",
    "image_folder",
    "image_grid",
    "init_ddpm",
    "kid",
    "linear_schedule",
    "load_model",
    "min_snr_weights",
    "noisify",
    "plot_loss",
    "plot_schedules",
    "plot_step_changes",
    "pretrained",
    "sample",
    "sample_steps",
    "save_model",
    "show_images",
    "sigmoid_schedule",
    "spaced",
    "train",
    "unet",
]
