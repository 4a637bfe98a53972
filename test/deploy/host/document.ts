// The commands of a section of deploy/README.md: what is tested is what a reader types.
import { deployed } from '../manifests.ts';

/** The indented blocks of a section, in order, each as one script. */
export async function commandBlocks(heading: string): Promise<readonly string[]> {
  const document = await deployed('README.md');
  const section = document.split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`deploy/README.md has no section "${heading}"`);
  const blocks = section.match(/(?:^ {4}.*\n)+/gm) ?? [];
  return blocks.map((block) => block.replace(/^ {4}/gm, ''));
}
