const WIDTH = 30;

/** `[######------] 40 %  400,000 leaves  210,000/s` */
export function progressBar(done: number, total: number, seconds: number): string {
  const share = total === 0 ? 1 : done / total;
  const filled = Math.round(share * WIDTH);
  const rate = seconds > 0 ? Math.round(done / seconds) : 0;
  const bar = `${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}`;
  return `[${bar}] ${Math.floor(share * 100)} %  ${done.toLocaleString('en-US')} leaves  ${rate.toLocaleString('en-US')}/s`;
}
