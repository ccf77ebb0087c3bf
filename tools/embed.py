"""Make or extend an index of videos: their features by a pretrained backbone, to search in.

python tools/embed.py VIDEOS... --checkpoint zoo://cvrl_r3d18w12_demo -o index [--list labels.csv]

VIDEOS are files, folders, patterns, or lists (CSV with a column `path`, or text). The index is a
folder with

* `videos.parquet`: path, bytes, modified (ns), seconds, fps, feature (float32, all of one length)
  and the columns of the list, a row a video;
* `index.json`: the checkpoint, its hash and the length of the features;
* `bad_videos.csv`: the videos that cannot be read, with the reason.

The same command again computes what is new or has changed, leaves out what no longer exists, and
goes on where it was stopped. Another checkpoint is refused.
"""

from functools import partial

from vsslbox.apis import VideoEmbedder
from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.apis.index_command import add_index_options, make_index
from vsslbox.search import embed_rows
from vsslbox.search.index_update import Embed
from vsslbox.utils import whole_number


def main() -> None:
    """Embed."""
    parser = tool_parser(__doc__)
    add_index_options(parser)
    parser.add_argument('--workers', type=whole_number(0), default=2, help='processes that decode')
    parser.add_argument('--device', help='a GPU if there is one')
    args = parser.parse_args()

    def embed_by(checkpoint: str, sha256: str) -> Embed:
        embedder = VideoEmbedder(
            checkpoint,
            device=args.device,
            num_workers=args.workers,
            show_progress=True,
            skip_bad=True,
        )
        return partial(embed_rows, embedder, batch_size=args.batch_size)

    make_index(args, embed_by)


if __name__ == '__main__':
    run_command(main)
