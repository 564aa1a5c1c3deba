mod canonical;
mod samples;
mod stored;
