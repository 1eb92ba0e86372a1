// The example on the landing page: plays with sound when asked to.
import { find, icon } from "./ui.js";

const player = find("[data-player]");
if (player) {
  const video = find("video", player);
  const button = find("[data-play]", player);
  const show = () => {
    player.dataset.playing = String(!video.paused);
    button.replaceChildren(icon(video.paused ? "play" : "pause"));
    button.setAttribute("aria-label", video.paused ? "Play the example with sound" : "Pause the example");
  };
  const toggle = () => (video.paused ? video.play().catch(() => {}) : video.pause());
  button.addEventListener("click", toggle);
  video.addEventListener("click", toggle);
  video.addEventListener("play", show);
  video.addEventListener("pause", show);
}
