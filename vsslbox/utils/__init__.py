"""Small functions that know nothing of the rest of vsslbox."""

from vsslbox.utils.byte_size import byte_size
from vsslbox.utils.config_text import config_text, inline_text
from vsslbox.utils.escapes import escaped, is_utf8
from vsslbox.utils.file_hash import file_sha256
from vsslbox.utils.json_file import read_json
from vsslbox.utils.optional_module import optional_module
from vsslbox.utils.paths import restore_former, temporary_path, whole_file, whole_folder
from vsslbox.utils.plain_pickle import load_plain_pickle
from vsslbox.utils.progress import track
from vsslbox.utils.segments import segment_iou, soft_nms
from vsslbox.utils.shipped_files import ROOT
from vsslbox.utils.text_seed import text_seed
from vsslbox.utils.unwrap_model import unwrap_model
from vsslbox.utils.whole_number import whole_number

__all__ = [
    'ROOT',
    'byte_size',
    'config_text',
    'escaped',
    'file_sha256',
    'inline_text',
    'is_utf8',
    'load_plain_pickle',
    'optional_module',
    'read_json',
    'restore_former',
    'segment_iou',
    'soft_nms',
    'temporary_path',
    'text_seed',
    'track',
    'unwrap_model',
    'whole_file',
    'whole_folder',
    'whole_number',
]
