"""Work that comes round from time to time, in processes of low priority."""
