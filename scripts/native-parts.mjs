/** Native parts that packages only prefer: no bundle may depend on a compiler where it is made. */
export const NATIVE_PARTS = ['*.node', 'cpu-features', 'pg-native'];
