import type { SvgFile } from './svg.ts';

/** Pixels of the picture per pixel of the drawing. */
const scale = 2;

/** The drawing as a PNG, in base64. */
export async function pngOf({ text, width, height }: SvgFile): Promise<string> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = width * scale;
  canvas.height = height * scale;
  canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/png').replace(/^data:image\/png;base64,/, '');
}
