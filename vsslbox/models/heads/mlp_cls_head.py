"""The classifier of VDIM's fine-tuning."""

from mmaction.models.heads import BaseHead
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.registry import MODELS

__all__ = ['MLPClsHead']


@MODELS.register_module()
class MLPClsHead(BaseHead):
    """A perceptron with one hidden layer on the concatenated features of several views.

    K successive clips of a video form a window; their averaged features are concatenated and
    classified. With ``average_clips='prob'`` the prediction for a video is the mean probability of
    its windows.

    Source: Devon Hjelm and Bachman, "Representation Learning with Video Deep InfoMax", 2020; the
    form of the perceptron follows AMDIM's code.

    Args:
        num_classes: The number of classes.
        in_channels: The channels of one view's feature, F.
        loss_cls: The config of the loss, such as ``dict(type='mmaction.CrossEntropyLoss')``.
        num_views: K, as in the sampler.
        hidden_channels: The width of the hidden layer.
        dropout_ratio: The share that is dropped before each layer.
        kwargs: As for ``mmaction.BaseHead``.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        loss_cls: dict,
        num_views: int = 4,
        hidden_channels: int = 1024,
        dropout_ratio: float = 0.2,
        **kwargs,
    ) -> None:
        super().__init__(num_classes, in_channels, loss_cls, **kwargs)
        self.num_views = num_views
        self.layers = nn.Sequential(
            nn.Dropout(dropout_ratio),
            nn.Linear(num_views * in_channels, hidden_channels, bias=False),
            nn.BatchNorm1d(hidden_channels),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout_ratio),
            nn.Linear(hidden_channels, num_classes),
        )

    def forward(self, x: Tensor, **kwargs) -> Tensor:
        """Classify windows of views.

        Args:
            x: Feature maps ``[N * K, F, t, h, w]``, the views of a window one after the other.
            kwargs: Ignored; mmaction2 passes them.

        Returns:
            Class scores ``[N, num_classes]`` of the windows.

        Raises:
            InputError: The clips do not form whole windows.
        """
        if len(x) % self.num_views:
            raise InputError(
                f'MLPClsHead takes windows of {self.num_views} views, got {len(x)} clips: '
                '`num_views` of the head and of the sampler must be the same'
            )
        features = x.flatten(2).mean(dim=2)
        return self.layers(features.unflatten(0, (-1, self.num_views)).flatten(1))
