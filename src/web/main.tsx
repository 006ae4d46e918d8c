import { render } from 'preact'
import { App } from './app.tsx'

const place = document.querySelector('#app')
if (!place) throw new Error('The page has no #app.')
render(<App />, place)
