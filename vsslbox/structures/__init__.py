"""Data structures that pipeline steps and samplers share."""

from vsslbox.structures.order_task import NUM_ORDER_LABELS, check_order_segments, order_label
from vsslbox.structures.sample_key import SampleKey
from vsslbox.structures.view import View

__all__ = ['NUM_ORDER_LABELS', 'SampleKey', 'View', 'check_order_segments', 'order_label']
