import { doctor } from './doctor.ts'
import { loadEnvFile } from './load-env-file.ts'

// `npm run doctor`: looks at the settings of this environment and says what it found.
loadEnvFile()
process.exitCode = await doctor(process.env, (line) => console.log(line))
