#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# attack.sh PROGRAM MEDIA_FOLDER WORK_FOLDER NAME
# Attacks one clip. The real ones lie beside the project; without them a synthetic scene stands in.
set -eu
program=$1
media=$2
work=$3
name=$4

mkdir -p "$work"
out=$(mktemp -d "$work/$name.XXXXXX")
trap 'rm -rf "$out"' EXIT

# A scene with texture, motion and some sensor noise.
scene='mandelbrot=s=640x480:rate=10:start_scale=0.05:end_scale=0.001:maxiter=256,noise=alls=6:allf=t:all_seed=1'

# encode FILE FRAMES SCENE ENCODER-ARGUMENTS...
encode() {
  target=$1
  frames=$2
  source=$3
  shift 3
  if ! command -v ffmpeg >/dev/null 2>&1; then
    echo "SKIPPED: ffmpeg is not installed, so there is no synthetic clip for $name" >&2
    exit 77
  fi
  ffmpeg -nostdin -v error -y -f lavfi -i "$source" -frames:v "$frames" -threads 1 "$@" "$target"
}

# real FILE FRAMES ENCODER-ARGUMENTS...: the clip of that name, or a stand-in.
real() {
  clip=$media/$1
  if [ -r "$clip" ]; then
    return
  fi
  echo "SKIPPED: $media absent, synthetic clip instead of $1"
  file=$1
  frames=$2
  shift 2
  clip=$out/$file
  encode "$clip" "$frames" "$scene" "$@"
}

h264='-pix_fmt yuv420p -c:v libx264 -preset fast -crf 20 -g 20 -bf 0'
h265='-pix_fmt yuv420p -c:v libx265 -preset fast -crf 20'

# The arguments of encoders are lists of words.
# shellcheck disable=SC2086
case $name in
h264)
  real walkway-h264-aac.mp4 40 $h264
  set -- --frames 40
  ;;
h264-sei-first)
  real walkway-h264-aac.mp4 30 $h264
  set -- --frames 30 --sei-first --breaks-published
  ;;
h264-4slices)
  real walkway-h264-4slices.mp4 40 $h264 -slices 4
  set -- --frames 30 --breaks-published
  ;;
h264-8slices)
  clip=$out/clip.mp4
  encode "$clip" 20 "$scene" $h264 -slices 8
  set -- --frames 20 --breaks-published
  ;;
h264-cavlc)
  # Coarse and simple, so that resynchronisation succeeds with a plain search.
  clip=$out/clip.mp4
  encode "$clip" 11 testsrc2=s=352x288:rate=10 -pix_fmt yuv420p -c:v libx264 -preset fast -qp 42 \
    -x264-params aq-mode=0 -coder 0 -g 10
  set -- --frames 11 --cavlc --leaks-published
  ;;
h265)
  real walkway-h265.mp4 20 $h265 -x265-params wpp=1:keyint=20:bframes=0:log-level=none
  set -- --frames 20
  ;;
h265-no-wavefront)
  clip=$out/clip.mp4
  encode "$clip" 20 "$scene" $h265 -x265-params \
    wpp=0:keyint=15:pools=1:frame-threads=1:log-level=none
  set -- --frames 20
  ;;
mjpeg)
  real walkway-mjpeg.mkv 15 -pix_fmt yuvj420p -c:v mjpeg -q:v 4
  set -- --frames 15 --breaks-published
  ;;
mjpeg-standard-tables)
  clip=$out/clip.mkv
  encode "$clip" 10 "$scene" -pix_fmt yuvj420p -c:v mjpeg -q:v 4 -huffman default
  set -- --frames 10 --breaks-published
  ;;
*)
  echo "no clip named $name" >&2
  exit 2
  ;;
esac

"$program" "$@" "$clip"
