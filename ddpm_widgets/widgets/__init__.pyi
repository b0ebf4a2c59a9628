from .density_scrubber import DensityScrubber
from .diffusion_playground import DiffusionPlayground
from .fid_lab import FIDLab
from .guidance_lab import GuidanceLab
from .live_sampler import LiveSampler
from .noise_scrubber import NoiseScrubber
from .page import save_html
from .path_explorer import PathExplorer
from .sampling_player import SamplingPlayer
from .schedule_explorer import ScheduleExplorer
from .solver_lab import SolverLab
from .training_monitor import TrainingMonitor
from .unet_xray import UNetXRay

__all__ = [
    "DensityScrubber",
    "DiffusionPlayground",
    "FIDLab",
    "GuidanceLab",
    "LiveSampler",
    "NoiseScrubber",
    "PathExplorer",
    "SamplingPlayer",
    "ScheduleExplorer",
    "SolverLab",
    "TrainingMonitor",
    "UNetXRay",
    "save_html",
]
