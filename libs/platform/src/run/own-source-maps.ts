import { setSourceMapsSupport } from 'node:module';

/**
 * For `node --import`: places in stacks are those of our sources. With `--enable-source-maps` Node would also keep the
 * maps of every library in memory, 14 MB in each process.
 */
setSourceMapsSupport(true, { nodeModules: false, generatedCode: false });
