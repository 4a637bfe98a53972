// Rectangles that the guest chose, against the images that they shall lie in.
import type { Rect } from '../../lib/wire/virtio-gpu.ts';

/** Whether a rectangle lies in an image. Sums of two u32 are exact. */
export function isInside(rect: Rect, image: { readonly width: number; readonly height: number }): boolean {
  return rect.x + rect.width <= image.width && rect.y + rect.height <= image.height;
}
