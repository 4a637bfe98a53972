// Rectangles that the guest chose, against the images that they shall lie in.
import type { Rect } from '../../lib/wire/virtio-gpu.ts';

type Image = { readonly width: number; readonly height: number };

/** Whether a rectangle lies in an image. Sums of two u32 are exact. */
export function isInside(rect: Rect, image: Image): boolean {
  return rect.x + rect.width <= image.width && rect.y + rect.height <= image.height;
}

/** Whether a scanout can show it: a rectangle of an image with at least one pixel. */
export function isShowable(rect: Rect, image: Image): boolean {
  return rect.width > 0 && rect.height > 0 && isInside(rect, image);
}
