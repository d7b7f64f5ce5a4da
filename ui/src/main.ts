import { mount } from 'svelte';
import App from './App.svelte';
import { preferences } from './data/preferences.svelte';
import './style.css';

preferences.apply();
mount(App, { target: document.getElementById('app')! });
