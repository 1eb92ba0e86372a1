// The page behind a private link: controls below the video, so that the label burned into it stays in view.
import { playerOf } from "./player.js";
import { find } from "./ui.js";

const video = find(".share-video");
const ratio = video.width / video.height || 1;
const place = video.parentElement;
const player = playerOf(video);
video.controls = false;
video.classList.remove("share-video");
player.frame.style.aspectRatio = String(ratio);
player.frame.style.width = `min(100vw - 2rem, 900px, min(70dvh, 900px) * ${ratio})`;
place.append(player.element);
