import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

export default {
  preprocess: vitePreprocess(),
  compilerOptions: {
    runes: true,
    // Style class names from the component's name, not from the folder it was built in.
    cssHash: ({ name, css, hash }) => `${name.toLowerCase()}-${hash(css)}`,
  },
};
