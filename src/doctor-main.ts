import { doctor } from './doctor.ts'

// `npm run doctor`: looks at the settings of this environment and says what it found.
process.exitCode = await doctor(process.env, (line) => console.log(line))
