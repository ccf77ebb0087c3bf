'use strict';
let playing = null;

// A clip is loaded while it plays: browsers limit the number of open ones.
function stop() {
  if (playing) {
    playing.pause();
    playing.removeAttribute('src');
    playing.load();
    playing = null;
  }
}

function play(video) {
  if (playing !== video) {
    stop();
    playing = video;
    video.src = video.dataset.clip;
  }
  video.play().catch(() => {});  // ended before it began
}

for (const button of document.querySelectorAll('.clip')) {
  const video = button.querySelector('video');
  if (video) {
    button.addEventListener('mouseenter', () => play(video));
    button.addEventListener('focus', () => play(video));
    button.addEventListener('click', () => play(video));
    button.addEventListener('mouseleave', stop);
    button.addEventListener('blur', stop);
  }
}
