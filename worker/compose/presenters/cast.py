from worker.compose.presenters.look import Look

CAST = {}
