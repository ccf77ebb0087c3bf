"""Make or extend an index of very many videos, by Ray Data on one machine or a cluster.

python tools/embed_corpus.py VIDEOS... --checkpoint zoo://cvrl_r3d18w12_demo -o index --cpus 4

The index is the one that `embed` makes, byte for byte on processors of one kind, and both commands
extend it. VIDEOS and the checkpoint must be at the same paths on all machines, which need vsslbox
too; only this command writes to the index.

The same command again goes on where it was stopped: a killed command has lost half a minute of
work at most. A worker that dies is replaced, and its videos are computed again. A video that ends
two workers is listed in `bad_videos.csv`.
"""

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.apis.corpus_embedder import CorpusEmbedder
from vsslbox.apis.index_command import add_index_options, make_index
from vsslbox.search.index_update import Embed


def main() -> None:
    """Embed."""
    parser = tool_parser(__doc__)
    add_index_options(parser)
    parser.add_argument('--workers', type=int, help='processes that embed (default: what fits)')
    parser.add_argument(
        '--cpus', type=int, default=1, help='cores of a worker, of which all but one only decode'
    )
    parser.add_argument('--gpus', type=float, default=0, help='GPUs of a worker, such as 1 or 0.5')
    parser.add_argument(
        '--address', help='address of a running Ray cluster (default: this machine alone)'
    )
    args = parser.parse_args()

    def embed_by(checkpoint: str, sha256: str) -> Embed:
        return CorpusEmbedder(
            checkpoint,
            sha256,
            args.batch_size,
            num_workers=args.workers,
            cpus=args.cpus,
            gpus=args.gpus,
            address=args.address,
        )

    make_index(args, embed_by)


if __name__ == '__main__':
    run_command(main)
