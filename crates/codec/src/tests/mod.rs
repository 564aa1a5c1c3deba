mod samples;
mod stored;
