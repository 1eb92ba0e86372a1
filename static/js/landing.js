// The example on the landing page: moves silently while it is pointed at, speaks when asked to.
import { find, icon } from "./ui.js";

const STILL = matchMedia("(prefers-reduced-motion: reduce)");

function startExample(player) {
  const video = find("video", player);
  const play = find("[data-play]", player);
  const sound = find("[data-sound]", player);
  let isGlimpse = true; // nobody has asked for it yet: silent, and over when the pointer leaves

  const show = () => {
    const speaks = !video.paused && !video.muted;
    player.dataset.playing = String(speaks);
    play.replaceChildren(icon(speaks ? "pause" : "play"));
    play.setAttribute("aria-label", speaks ? "Pause the example" : "Play the example with sound");
    sound.hidden = isGlimpse;
    sound.replaceChildren(icon(video.muted ? "muted" : "volume"));
    sound.setAttribute("aria-label", video.muted ? "Sound on" : "Sound off");
  };
  const begin = () => video.play().catch(() => {});
  const toggle = () => {
    if (!isGlimpse && !video.paused) {
      video.pause();
      return;
    }
    if (isGlimpse) {
      isGlimpse = false;
      video.muted = false;
      video.currentTime = 0;
    }
    begin();
  };

  video.muted = true;
  play.addEventListener("click", toggle);
  video.addEventListener("click", toggle);
  sound.addEventListener("click", () => { video.muted = !video.muted; });
  player.addEventListener("pointerenter", (event) => {
    if (isGlimpse && event.pointerType === "mouse" && !STILL.matches) begin();
  });
  player.addEventListener("pointerleave", () => {
    if (isGlimpse) video.pause();
  });
  for (const event of ["play", "pause", "volumechange"]) video.addEventListener(event, show);
  show();
}

const player = find("[data-player]");
if (player) startExample(player);
